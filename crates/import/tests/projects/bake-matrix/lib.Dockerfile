ARG JDK=21
FROM eclipse-temurin:${JDK}
RUN java -version
